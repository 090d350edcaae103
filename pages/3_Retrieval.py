from mmexplore.ui.retrieval.page import retrieval_page

retrieval_page()
