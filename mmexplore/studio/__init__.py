"""Public Python API: the one door for pages, the command line and notebooks.

Names and plain values in, frozen dataclasses of numpy, pandas and str out. Importing this costs no torch; functions
that compute import it when they are called, and pages start them as jobs instead (``start_*``). What a name stands for
is looked up here, once, in the home of whoever asks (:mod:`mmexplore.studio.door`).
"""

from mmexplore.datasets import Dataset, Entry, Skipped
from mmexplore.datasets.appended import Appended
from mmexplore.datasets.catalog import preview
from mmexplore.datasets.search import SearchResult
from mmexplore.datasets.summary import Summary, label_table
from mmexplore.datasets.tables import to_csv
from mmexplore.explore.comparison import Comparison
from mmexplore.explore.explain.contributions import ABSENT, MOST_COMPARED, Absent, Similarities, products, what_if
from mmexplore.explore.explain.fusion import Evaluation, FusionReport, counterfactual, fusion_score, readable, score
from mmexplore.explore.explain.group_motifs import MOST_SEARCHED, Motifs
from mmexplore.explore.explain.groups import Group
from mmexplore.explore.explain.missing import Addition, MissingModalities
from mmexplore.explore.explain.motifs import SHARE
from mmexplore.explore.explain.search import RULES, Rules, Subgraph, Target, consensus
from mmexplore.explore.explain.storage import Explained
from mmexplore.explore.explain.subgraphs import DIRECTIONS, goal_in_words
from mmexplore.explore.explain.subsets import Contributions
from mmexplore.explore.maps.colors import Color
from mmexplore.explore.maps.compute import CLUSTERS, quality_classes
from mmexplore.explore.maps.lasso import inside
from mmexplore.explore.maps.panels import ECFP, FEWEST_PANELS, MOST_PANELS, PRESETS, Preset, ViewRef, fill_preset
from mmexplore.explore.maps.procrustes import Aligned, align
from mmexplore.explore.maps.project import METHODS
from mmexplore.explore.maps.quality import Classes, Quality, in_words
from mmexplore.explore.maps.storage import MapFile, aligned
from mmexplore.explore.molecules import MoleculeCard
from mmexplore.explore.neighbors.agreement import Agreement, Pair, mean_disagreement
from mmexplore.explore.neighbors.detail import Detail, Nearest, Standing
from mmexplore.explore.neighbors.retrieval import PROPERTIES, HitList, check_pattern, shared
from mmexplore.explore.neighbors.spaces import MoleculeRef
from mmexplore.models.registry import BASELINE, UNTRAINED, Model
from mmexplore.runtime.home import Home
from mmexplore.runtime.jobs.folder import Job
from mmexplore.studio.data import (
    add_dataset,
    append,
    available,
    check_table,
    compare_datasets,
    damaged_datasets,
    dataset_name,
    datasets,
    fetch,
    find,
    known_dataset,
    property_table,
    remove_dataset,
    rename_dataset,
    rows_of,
    split_table,
    start_append,
    start_fetch,
    start_import,
    summarize,
    write_rows,
)
from mmexplore.studio.door import at_home, dataset, home, model, names_only
from mmexplore.studio.fusion import (
    contributions,
    evaluate,
    example,
    fusion_report,
    has_report,
    missing_modalities,
    shown_molecule,
    start_contributions,
    stored_contributions,
    stress,
)
from mmexplore.studio.groups import common, group_classes, group_motifs, group_of_rows, start_motifs, stored_motifs
from mmexplore.studio.jobs import cancel_job, damaged_jobs, follow_job, forget_job, job, list_jobs, restart_job
from mmexplore.studio.maps import (
    color,
    color_names,
    compute_map,
    compute_quality,
    embed,
    first_choice,
    is_quick_color,
    keep_selection,
    kept_selection,
    map_classes,
    map_folders,
    not_placed,
    scores_quickly,
    skipped,
    start_map,
    stored_map,
    stored_quality,
    view_of,
    write_embedding,
)
from mmexplore.studio.molecules import (
    common_scaffold,
    depict,
    detail,
    fetch_viewer,
    has_hyperedges,
    hyperedge_neighbors,
    molecule_card,
    predictions,
    sdf_of,
    shape,
    table_of,
    to_sdf,
    viewer_path,
)
from mmexplore.studio.results import PaperTable, Result, measured_results, paper_tables
from mmexplore.studio.retrieval import agreement, disagreement, far_pairs, hit_table, hits, hits_sdf, retrieve
from mmexplore.studio.spaces import lacking, place_on, query_of, query_of_row, standard_panels, start_embedding
from mmexplore.studio.subgraphs import explain, explain_summand, explained_tasks, summands, target
from mmexplore.studio.training import (
    MOST_CHECKED,
    TRAINING_VERBS,
    Device,
    Estimate,
    check_training,
    damaged_models,
    delete_model,
    devices,
    estimate,
    export_model,
    history,
    job_history,
    models,
    new_run,
    recipe_of,
    rename_model,
    start_training,
    train,
    trained_without,
    write_chemprop,
)
from mmexplore.studio.upkeep import Copied, backup, count_bytes, known_bytes, migrate, restore
from mmexplore.training.checks import TrainingCheck

__all__ = [
    "ABSENT", "BASELINE", "CLUSTERS", "DIRECTIONS", "ECFP", "FEWEST_PANELS", "METHODS", "MOST_CHECKED", "MOST_COMPARED",
    "MOST_PANELS", "MOST_SEARCHED", "PRESETS", "PROPERTIES", "RULES", "SHARE", "TRAINING_VERBS", "UNTRAINED", "Absent",
    "Addition", "Agreement", "Aligned", "Appended", "Classes", "Color", "Comparison", "Contributions", "Copied",
    "Dataset", "Detail", "Device", "Entry", "Estimate", "Evaluation", "Explained", "FusionReport", "Group", "HitList",
    "Home", "Job", "MapFile", "MissingModalities", "Model", "MoleculeCard", "MoleculeRef", "Motifs", "Nearest", "Pair",
    "PaperTable", "Preset", "Quality", "Result", "Rules", "SearchResult", "Similarities", "Skipped", "Standing",
    "Subgraph", "Summary", "Target", "TrainingCheck", "ViewRef", "add_dataset", "agreement", "align", "aligned",
    "append", "at_home", "available", "backup", "cancel_job", "check_pattern", "check_table", "check_training", "color",
    "color_names", "common", "common_scaffold", "compare_datasets", "compute_map", "compute_quality", "consensus",
    "contributions", "count_bytes", "counterfactual", "damaged_datasets", "damaged_jobs", "damaged_models", "dataset",
    "dataset_name", "datasets", "delete_model", "depict", "detail", "devices", "disagreement", "embed", "estimate",
    "evaluate", "example", "explain", "explain_summand", "explained_tasks", "export_model", "far_pairs", "fetch",
    "fetch_viewer", "fill_preset", "find", "first_choice", "follow_job", "forget_job", "fusion_report", "fusion_score",
    "goal_in_words", "group_classes", "group_motifs", "group_of_rows", "has_hyperedges", "has_report", "history",
    "hit_table", "hits", "hits_sdf", "home", "hyperedge_neighbors", "in_words", "inside", "is_quick_color", "job",
    "job_history", "keep_selection", "kept_selection", "known_bytes", "known_dataset", "label_table", "lacking",
    "list_jobs", "map_classes", "map_folders", "mean_disagreement", "measured_results", "migrate", "missing_modalities",
    "model", "models", "molecule_card", "names_only", "new_run", "not_placed", "paper_tables", "place_on",
    "predictions", "preview", "products", "property_table", "quality_classes", "query_of", "query_of_row", "readable",
    "recipe_of", "remove_dataset", "rename_dataset", "rename_model", "restart_job", "restore", "retrieve", "rows_of",
    "score", "scores_quickly", "sdf_of", "shape", "shared", "shown_molecule", "skipped", "split_table",
    "standard_panels", "start_append", "start_contributions", "start_embedding", "start_fetch", "start_import",
    "start_map", "start_motifs", "start_training", "stored_contributions", "stored_map", "stored_motifs",
    "stored_quality", "stress", "summands", "summarize", "table_of", "target", "to_csv", "to_sdf", "train",
    "trained_without", "view_of", "viewer_path", "what_if", "write_chemprop", "write_embedding", "write_rows",
]  # fmt: skip
