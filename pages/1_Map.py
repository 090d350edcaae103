from mmexplore.ui.map.page import map_page

map_page()
