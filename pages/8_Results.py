from mmexplore.ui.results.page import results_page

results_page()
