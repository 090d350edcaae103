from mmexplore.ui.retrieval_page import retrieval_page

retrieval_page()
