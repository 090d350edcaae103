"""Names of the Fusion page's tabs, for whoever opens the page at one of them."""

TABS = "fusion/tab"
WEIGHTS, WHAT_IF, ALIKE = "Weights", "What if", "Modalities alike?"
COMPARED, DISAGREEMENT = "Fusions compared", "Disagreement"
