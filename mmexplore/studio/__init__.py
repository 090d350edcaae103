"""The front desk: the one door for pages, the CLI and notebooks.

Plain values in, frozen dataclasses of numpy, pandas and str out. Importing this costs no torch; functions that compute
import it when they are called, and pages start them as jobs instead (``start_*``). Behind the door are drawers:
``card_desk``, ``data_desk``, ``fusion_desk``, ``group_desk``, ``map_desk``, ``molecule_desk``, ``motif_desk``,
``retrieval_desk``, ``space_desk``, ``subgraph_desk`` and ``training_desk``.
"""

from mmexplore.chem.molecules import depict, to_sdf
from mmexplore.datasets import Dataset, Entry
from mmexplore.datasets.catalog import add as add_dataset
from mmexplore.datasets.catalog import entries as datasets
from mmexplore.datasets.catalog import fetch, preview
from mmexplore.datasets.catalog import remove as remove_dataset
from mmexplore.datasets.search import Found
from mmexplore.datasets.summary import Summary, label_table, property_table, split_table, summarise
from mmexplore.explore.explain.contributions import MOST_COMPARED, Similarities, products, what_if
from mmexplore.explore.explain.motifs import SHARE
from mmexplore.explore.explain.search import RULES, Rules, Subgraph, Target, consensus
from mmexplore.explore.explain.storage import Explained
from mmexplore.explore.maps.colors import Colour
from mmexplore.explore.maps.lasso import inside
from mmexplore.explore.maps.panels import FEWEST as FEWEST_PANELS
from mmexplore.explore.maps.panels import MOST as MOST_PANELS
from mmexplore.explore.maps.panels import PRESETS, Panel, Preset
from mmexplore.explore.maps.panels import fill as fill_preset
from mmexplore.explore.maps.procrustes import Aligned, align
from mmexplore.explore.maps.project import METHODS, MapFile
from mmexplore.explore.neighbors.agreement import Agreement, Pair, mean_disagreement
from mmexplore.models.registry import BASELINE, UNTRAINED, Model, history, model, models, new_run
from mmexplore.models.registry import delete as delete_model
from mmexplore.models.registry import export as export_model
from mmexplore.models.registry import rename as rename_model
from mmexplore.runtime.jobs.client import Job, job
from mmexplore.runtime.jobs.client import again as restart_job
from mmexplore.runtime.jobs.client import cancel as cancel_job
from mmexplore.runtime.jobs.client import follow as follow_job
from mmexplore.runtime.jobs.client import jobs as list_jobs
from mmexplore.runtime.jobs.client import remove as forget_job
from mmexplore.studio.card import Detail, Nearest, Standing, detail, fetch_viewer, shape
from mmexplore.studio.data import available, dataset, find, start_fetch, start_import
from mmexplore.studio.fusion import FusionReport, Judge, disagreement, fusion_report, judge, readable, showpiece
from mmexplore.studio.fusion import score as fusion_score
from mmexplore.studio.groups import Group, group_classes, group_of_rows
from mmexplore.studio.maps import (
    CLUSTERS,
    compute_map,
    embed,
    first_choice,
    map_folders,
    predictions,
    quality_classes,
    start_map,
    stored_map,
    view_of,
    write_embedding,
)
from mmexplore.studio.molecules import (
    MoleculeCard,
    colour,
    colour_names,
    common_scaffold,
    has_kinship,
    kinship,
    molecule_card,
    sdf_of,
    table_of,
)
from mmexplore.studio.motifs import MOST_SEARCHED, Motifs, common, group_motifs, start_motifs, stored_motifs
from mmexplore.studio.results import PaperTable, Result, measured_results, paper_tables
from mmexplore.studio.retrieval import (
    PROPERTIES,
    HitList,
    agreement,
    check_pattern,
    far_pairs,
    hit_table,
    hits,
    hits_sdf,
    retrieve,
    shared,
)
from mmexplore.studio.spaces import (
    ECFP,
    Query,
    lacking,
    place_on,
    query_of,
    query_of_row,
    space_stamp,
    standard_panels,
    start_embedding,
)
from mmexplore.studio.subgraphs import (
    DIRECTIONS,
    explain,
    explain_summand,
    explained_tasks,
    goal_in_words,
    summands,
    target,
)
from mmexplore.studio.training import (
    TRAINING_VERBS,
    Device,
    Estimate,
    devices,
    estimate,
    job_history,
    recipe_of,
    start_training,
    train,
    write_chemprop,
)

__all__ = [
    "BASELINE",
    "CLUSTERS",
    "DIRECTIONS",
    "ECFP",
    "FEWEST_PANELS",
    "METHODS",
    "MOST_COMPARED",
    "MOST_PANELS",
    "MOST_SEARCHED",
    "PRESETS",
    "PROPERTIES",
    "RULES",
    "SHARE",
    "TRAINING_VERBS",
    "UNTRAINED",
    "Agreement",
    "Aligned",
    "Colour",
    "Dataset",
    "Detail",
    "Device",
    "Entry",
    "Estimate",
    "Explained",
    "Found",
    "FusionReport",
    "Group",
    "HitList",
    "Job",
    "Judge",
    "MapFile",
    "Model",
    "MoleculeCard",
    "Motifs",
    "Nearest",
    "Pair",
    "Panel",
    "PaperTable",
    "Preset",
    "Query",
    "Result",
    "Rules",
    "Similarities",
    "Standing",
    "Subgraph",
    "Summary",
    "Target",
    "add_dataset",
    "agreement",
    "align",
    "available",
    "cancel_job",
    "check_pattern",
    "colour",
    "colour_names",
    "common",
    "common_scaffold",
    "compute_map",
    "consensus",
    "dataset",
    "datasets",
    "delete_model",
    "depict",
    "detail",
    "devices",
    "disagreement",
    "embed",
    "estimate",
    "explain",
    "explain_summand",
    "explained_tasks",
    "export_model",
    "far_pairs",
    "fetch",
    "fetch_viewer",
    "fill_preset",
    "find",
    "first_choice",
    "follow_job",
    "forget_job",
    "fusion_report",
    "fusion_score",
    "goal_in_words",
    "group_classes",
    "group_motifs",
    "group_of_rows",
    "has_kinship",
    "history",
    "hit_table",
    "hits",
    "hits_sdf",
    "inside",
    "job",
    "job_history",
    "judge",
    "kinship",
    "label_table",
    "lacking",
    "list_jobs",
    "map_folders",
    "mean_disagreement",
    "measured_results",
    "model",
    "models",
    "molecule_card",
    "new_run",
    "paper_tables",
    "place_on",
    "predictions",
    "preview",
    "products",
    "property_table",
    "quality_classes",
    "query_of",
    "query_of_row",
    "readable",
    "recipe_of",
    "remove_dataset",
    "rename_model",
    "restart_job",
    "retrieve",
    "sdf_of",
    "shape",
    "shared",
    "showpiece",
    "space_stamp",
    "split_table",
    "standard_panels",
    "start_embedding",
    "start_fetch",
    "start_import",
    "start_map",
    "start_motifs",
    "start_training",
    "stored_map",
    "stored_motifs",
    "summands",
    "summarise",
    "table_of",
    "target",
    "to_sdf",
    "train",
    "view_of",
    "what_if",
    "write_chemprop",
    "write_embedding",
]  # fmt: skip
