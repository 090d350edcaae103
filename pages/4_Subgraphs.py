from mmexplore.ui.subgraph_page import subgraph_page

subgraph_page()
