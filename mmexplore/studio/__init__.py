"""Public Python API: the one door for pages, the command line and notebooks.

Names and plain values in, frozen dataclasses of numpy, pandas and str out. Importing this costs no torch; functions
that compute import it when they are called, and pages start them as jobs instead (``start_*``). What a name stands for
is looked up here, once, in the home of whoever asks (:mod:`mmexplore.studio.door`).

Each name is read from its module when it is first asked for, so that a server answers, and a verb begins, before all of
them are imported. The imports below are what type checkers and :func:`__getattr__` read.
"""

import ast
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mmexplore.datasets import Dataset, Entry, Skipped
    from mmexplore.datasets.appended import Appended
    from mmexplore.datasets.catalog import preview
    from mmexplore.datasets.readers.peak_lists import PeakList
    from mmexplore.datasets.readers.rows import TableHead
    from mmexplore.datasets.search import SearchResult
    from mmexplore.datasets.summary import Summary, label_table
    from mmexplore.datasets.tables import table_bytes, to_csv
    from mmexplore.explore.cliffs.jumps import Jump, ModalityJump
    from mmexplore.explore.cliffs.pairs import LEAST, NEAR, Cliff, Cliffs
    from mmexplore.explore.cliffs.r_groups import RGroups
    from mmexplore.explore.cliffs.transformations import Transformation
    from mmexplore.explore.comparison import Comparison
    from mmexplore.explore.explain.contributions import ABSENT, MOST_COMPARED, Absent, Similarities, products, what_if
    from mmexplore.explore.explain.exam import Exam, trust_in_words
    from mmexplore.explore.explain.fusion import Evaluation, FusionReport, counterfactual, fusion_score, readable, score
    from mmexplore.explore.explain.group_motifs import MOST_SEARCHED, Motifs
    from mmexplore.explore.explain.groups import Group
    from mmexplore.explore.explain.missing import Addition, MissingModalities
    from mmexplore.explore.explain.motifs import SHARE
    from mmexplore.explore.explain.search import RULES, Rules, Subgraph, Target, consensus
    from mmexplore.explore.explain.storage import Explained
    from mmexplore.explore.explain.subgraphs import DIRECTIONS, goal_in_words
    from mmexplore.explore.explain.subsets import Contributions
    from mmexplore.explore.library.build import Library
    from mmexplore.explore.library.search import LibraryHits, LibraryQuery
    from mmexplore.explore.library.tiles import TileSet
    from mmexplore.explore.maps.colors import Color
    from mmexplore.explore.maps.compute import CLUSTERS, quality_classes
    from mmexplore.explore.maps.lasso import inside
    from mmexplore.explore.maps.lens import Lens, Movers, between
    from mmexplore.explore.maps.panels import ECFP, FEWEST_PANELS, MOST_PANELS, PRESETS, Preset, ViewRef, fill_preset
    from mmexplore.explore.maps.procrustes import Aligned, align
    from mmexplore.explore.maps.project import METHODS
    from mmexplore.explore.maps.quality import Classes, Quality, in_words
    from mmexplore.explore.maps.storage import MapFile, aligned
    from mmexplore.explore.maps.trust import Trust
    from mmexplore.explore.molecules import MoleculeCard
    from mmexplore.explore.neighbors.agreement import Agreement, Pair, mean_disagreement
    from mmexplore.explore.neighbors.detail import Detail, Nearest, Standing
    from mmexplore.explore.neighbors.retrieval import PROPERTIES, HitList, check_pattern, shared
    from mmexplore.explore.neighbors.shown import ShownQuery
    from mmexplore.explore.neighbors.spaces import MoleculeRef
    from mmexplore.explore.probe import Probe, ProbedTask
    from mmexplore.explore.regions.labels import MapLabel
    from mmexplore.explore.spectra.doubt import CALLED_BELOW, Doubt, Doubts
    from mmexplore.explore.spectra.peaks import PeakHits
    from mmexplore.explore.spectra.shift_table import Shifts
    from mmexplore.models.bootstrap import PairedTest
    from mmexplore.models.calibration import LEVEL, Calibration, Coverage, promise
    from mmexplore.models.calibration import in_words as coverage_in_words
    from mmexplore.models.ensembles import Ensemble
    from mmexplore.models.exchange.tracking import check_tracking
    from mmexplore.models.imported import Imported
    from mmexplore.models.registry import BASELINE, UNTRAINED, Model
    from mmexplore.runtime.home import Home
    from mmexplore.runtime.jobs.folder import Job
    from mmexplore.studio.activity_cliffs import (
        cliff_table,
        cliffs,
        cliffs_sdf,
        jump,
        r_group_table,
        r_groups,
        start_cliffs,
        stored_cliffs,
        transformation_table,
    )
    from mmexplore.studio.data import (
        add_dataset,
        append,
        available,
        check_table,
        compare_datasets,
        current_name,
        damaged_datasets,
        dataset_name,
        datasets,
        fetch,
        find,
        keep_split_file,
        known_dataset,
        property_table,
        remove_dataset,
        rename_dataset,
        rows_of,
        split_columns,
        split_table,
        start_append,
        start_fetch,
        start_import,
        summarize,
        write_croissant,
        write_rows,
    )
    from mmexplore.studio.door import at_home, dataset, home, model
    from mmexplore.studio.fusion import (
        contributions,
        contributions_of,
        example,
        fusion_evaluation,
        fusion_report,
        has_report,
        missing_modalities,
        shown_molecule,
        start_contributions,
        stored_contributions,
        stress,
    )
    from mmexplore.studio.hosts import names_only
    from mmexplore.studio.jobs import (
        cancel_job,
        damaged_jobs,
        follow_job,
        forget_job,
        job,
        job_at_work,
        list_jobs,
        restart_job,
    )
    from mmexplore.studio.library import (
        build_library,
        libraries,
        library_hits,
        library_is_ready,
        library_map,
        library_maps,
        library_molecule,
        library_predict,
        library_rejected,
        library_rows,
        library_spaces,
        library_status,
        library_tiles,
        make_library_tiles,
        pull_library,
        push_library,
        search_library,
        start_library_map,
        start_library_tiles,
    )
    from mmexplore.studio.maps import (
        check_card,
        color,
        color_names,
        compute_labels,
        compute_lens,
        compute_map,
        compute_quality,
        compute_trust,
        embed,
        first_choice,
        is_quick_color,
        keep_selection,
        kept_selection,
        lens,
        map_card,
        map_classes,
        map_contours,
        map_folders,
        movers,
        not_placed,
        panels_of,
        scores_quickly,
        skipped,
        start_labels,
        start_lens,
        start_map,
        start_map_card,
        start_trust,
        stored_labels,
        stored_map,
        stored_quality,
        stored_trust,
        view_of,
        write_embedding,
        write_map_card,
    )
    from mmexplore.studio.molecules import (
        check_file,
        common_scaffold,
        depict,
        detail,
        differing,
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
        write_table,
    )
    from mmexplore.studio.prediction import (
        MoleculePrediction,
        PredictedTable,
        PredictionAsked,
        RowColumns,
        TaskColumn,
        TaskEstimate,
        asked_of,
        dataset_of_predictions,
        predict,
        predict_molecule,
        predicted_file,
        predicting_models,
        prediction_jobs,
        predicts,
        read_structure,
        start_prediction,
        table_head,
        write_predicted,
    )
    from mmexplore.studio.retrieval import (
        agreement,
        disagreement,
        doubt,
        doubt_all,
        doubt_one,
        doubt_table,
        doubts,
        far_pairs,
        hit_table,
        hits,
        hits_sdf,
        joint_model,
        keep_shown,
        kept_shown,
        lacking_for_peaks,
        peak_hit_table,
        peak_hits,
        peak_list,
        predicted_shifts,
        retrieve,
        retrieve_by_peaks,
        retrieve_by_shown,
        shown_hits,
        shown_panel,
        shown_query,
        shown_trust,
        start_doubts,
        start_peaks,
        stored_doubts,
    )
    from mmexplore.studio.scores.evaluation import (
        ModelEvaluation,
        baseline_of,
        baseline_test,
        confusion,
        evaluate,
        judged,
        own_evaluation,
        scores_at,
    )
    from mmexplore.studio.scores.results import PaperTable, Result, measured_results, paper_tables
    from mmexplore.studio.spaces import (
        import_embedding,
        imported_embeddings,
        lacking,
        place_on,
        probe,
        query_of,
        query_of_row,
        standard_panels,
        start_embedding,
        start_probe,
        stored_probe,
    )
    from mmexplore.studio.subgraphs import (
        EXAM_EPOCHS,
        EXAM_MOLECULES,
        beside_training,
        common,
        exam,
        explain,
        explain_and_keep,
        explain_in_time,
        explain_summand,
        explained_tasks,
        group_classes,
        group_motifs,
        group_of_rows,
        part_sizes,
        side,
        start_exam,
        start_explaining,
        start_motifs,
        stored_exam,
        stored_motifs,
        summands,
        target,
    )
    from mmexplore.studio.training import (
        MOST_CHECKED,
        TRAINING_VERBS,
        TUNING_VERB,
        Device,
        Estimate,
        StudyOfSettings,
        Tested,
        calibration,
        check_ensemble,
        check_search,
        check_training,
        coverage,
        damaged_models,
        delete_model,
        delete_study,
        devices,
        estimate,
        expect_ensemble,
        export_model,
        folds_of,
        history,
        intervals_in_words,
        job_history,
        log_run,
        make_ensemble,
        mean_scores,
        models,
        new_run,
        new_study,
        recipe_of,
        rename_model,
        search_ranges,
        start_training,
        start_tuning,
        studies,
        study,
        study_of,
        tested,
        train,
        train_ensemble,
        train_folds,
        trained_without,
        tune,
        write_chemprop,
    )
    from mmexplore.studio.upkeep import (
        ADMET,
        Copied,
        admet_folder,
        backup,
        count_bytes,
        import_model,
        keep_model_file,
        known_bytes,
        migrate,
        model_jobs,
        pull_model,
        push_model,
        restore,
        start_model_export,
        start_model_import,
        write_model,
    )
    from mmexplore.training.checks import TrainingCheck
    from mmexplore.training.tuning.study import SearchPlan, Study, Trial

__all__ = [
    "ABSENT", "ADMET", "BASELINE", "CALLED_BELOW", "CLUSTERS", "DIRECTIONS", "ECFP", "EXAM_EPOCHS", "EXAM_MOLECULES",
    "FEWEST_PANELS", "LEAST", "LEVEL", "METHODS", "MOST_CHECKED", "MOST_COMPARED", "MOST_PANELS", "MOST_SEARCHED",
    "NEAR", "PRESETS", "PROPERTIES", "RULES", "SHARE", "TRAINING_VERBS", "TUNING_VERB", "UNTRAINED", "Absent",
    "Addition", "Agreement", "Aligned", "Appended", "Calibration", "Classes", "Cliff", "Cliffs", "Color", "Comparison",
    "Contributions", "Copied", "Coverage", "Dataset", "Detail", "Device", "Doubt", "Doubts", "Ensemble", "Entry",
    "Estimate", "Evaluation", "Exam", "Explained", "FusionReport", "Group", "HitList", "Home", "Imported", "Job",
    "Jump", "Lens", "Library", "LibraryHits", "LibraryQuery", "MapFile", "MapLabel", "MissingModalities",
    "ModalityJump", "Model", "ModelEvaluation", "MoleculeCard", "MoleculePrediction", "MoleculeRef", "Motifs", "Movers",
    "Nearest", "Pair", "PairedTest", "PaperTable", "PeakHits", "PeakList", "PredictedTable", "PredictionAsked",
    "Preset", "Probe", "ProbedTask", "Quality", "RGroups", "Result", "RowColumns", "Rules", "SearchPlan",
    "SearchResult", "Shifts", "ShownQuery", "Similarities", "Skipped", "Standing", "Study", "StudyOfSettings",
    "Subgraph", "Summary", "TableHead", "Target", "TaskColumn", "TaskEstimate", "Tested", "TileSet", "TrainingCheck",
    "Transformation", "Trial", "Trust", "ViewRef", "add_dataset", "admet_folder", "agreement", "align", "aligned",
    "append", "asked_of", "at_home", "available", "backup", "baseline_of", "baseline_test", "beside_training",
    "between", "build_library", "calibration", "cancel_job", "check_card", "check_ensemble", "check_file",
    "check_pattern", "check_search", "check_table", "check_tracking", "check_training", "cliff_table", "cliffs",
    "cliffs_sdf", "color", "color_names", "common", "common_scaffold", "compare_datasets", "compute_labels",
    "compute_lens", "compute_map", "compute_quality", "compute_trust", "confusion", "consensus", "contributions",
    "contributions_of", "count_bytes", "counterfactual", "coverage", "coverage_in_words", "current_name",
    "damaged_datasets", "damaged_jobs", "damaged_models", "dataset", "dataset_name", "dataset_of_predictions",
    "datasets", "delete_model", "delete_study", "depict", "detail", "devices", "differing", "disagreement", "doubt",
    "doubt_all", "doubt_one", "doubt_table", "doubts", "embed", "estimate", "evaluate", "exam", "example",
    "expect_ensemble", "explain", "explain_and_keep", "explain_in_time", "explain_summand", "explained_tasks",
    "export_model", "far_pairs", "fetch", "fetch_viewer", "fill_preset", "find", "first_choice", "folds_of",
    "follow_job", "forget_job", "fusion_evaluation", "fusion_report", "fusion_score", "goal_in_words", "group_classes",
    "group_motifs", "group_of_rows", "has_hyperedges", "has_report", "history", "hit_table", "hits", "hits_sdf", "home",
    "hyperedge_neighbors", "import_embedding", "import_model", "imported_embeddings", "in_words", "inside",
    "intervals_in_words", "is_quick_color", "job", "job_at_work", "job_history", "joint_model", "judged", "jump",
    "keep_model_file",
    "keep_selection", "keep_shown", "keep_split_file", "kept_selection", "kept_shown", "known_bytes", "known_dataset",
    "label_table", "lacking", "lacking_for_peaks", "lens", "libraries", "library_hits", "library_is_ready",
    "library_map", "library_maps", "library_molecule", "library_predict", "library_rejected", "library_rows",
    "library_spaces", "library_status", "library_tiles", "list_jobs", "log_run", "make_ensemble", "make_library_tiles",
    "map_card", "map_classes", "map_contours", "map_folders", "mean_disagreement", "mean_scores", "measured_results",
    "migrate", "missing_modalities", "model", "model_jobs", "models", "molecule_card", "movers", "names_only",
    "new_run", "new_study", "not_placed", "own_evaluation", "panels_of", "paper_tables", "part_sizes", "peak_hit_table",
    "peak_hits", "peak_list", "place_on", "predict", "predict_molecule", "predicted_file", "predicted_shifts",
    "predicting_models", "prediction_jobs", "predictions", "predicts", "preview", "probe", "products", "promise",
    "property_table", "pull_library", "pull_model", "push_library", "push_model", "quality_classes", "query_of",
    "query_of_row", "r_group_table", "r_groups", "read_structure", "readable", "recipe_of", "remove_dataset",
    "rename_dataset", "rename_model", "restart_job",
    "restore", "retrieve", "retrieve_by_peaks", "retrieve_by_shown", "rows_of", "score", "scores_at", "scores_quickly",
    "sdf_of", "search_library", "search_ranges", "shape", "shared", "shown_hits", "shown_molecule", "shown_panel",
    "shown_query", "shown_trust", "side", "skipped", "split_columns", "split_table", "standard_panels", "start_append",
    "start_cliffs", "start_contributions", "start_doubts", "start_embedding", "start_exam", "start_explaining",
    "start_fetch", "start_import", "start_labels", "start_lens", "start_library_map", "start_library_tiles",
    "start_map", "start_map_card", "start_model_export", "start_model_import", "start_motifs", "start_peaks",
    "start_prediction", "start_probe", "start_training", "start_trust", "start_tuning", "stored_cliffs",
    "stored_contributions", "stored_doubts", "stored_exam", "stored_labels", "stored_map", "stored_motifs",
    "stored_probe", "stored_quality", "stored_trust", "stress", "studies", "study", "study_of", "summands", "summarize",
    "table_bytes", "table_head", "table_of", "target", "tested", "to_csv", "to_sdf", "train", "train_ensemble",
    "train_folds", "trained_without", "transformation_table", "trust_in_words", "tune", "view_of", "viewer_path",
    "what_if", "write_chemprop", "write_croissant", "write_embedding", "write_map_card", "write_model",
    "write_predicted", "write_rows", "write_table",
]  # fmt: skip


@cache
def _origins() -> dict[str, tuple[str, str]]:
    """Module and name there of every name here."""
    tree = ast.parse(Path(__file__).read_text(encoding="utf-8"))
    imports = (found for found in ast.walk(tree) if isinstance(found, ast.ImportFrom) and found.module)
    return {
        name.asname or name.name: (found.module, name.name)
        for found in imports
        if found.module and found.module.startswith("mmexplore.")
        for name in found.names
    }


def __getattr__(name: str) -> Any:
    """A name of the Python interface, from its module. Raises AttributeError for what is none."""
    if name not in _origins():
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, original = _origins()[name]
    globals()[name] = found = getattr(import_module(module), original)
    return found


def __dir__() -> list[str]:
    return [*__all__]
