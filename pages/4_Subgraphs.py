from mmexplore.ui.subgraphs.page import subgraph_page

subgraph_page()
