from mmexplore.ui.fusion.page import fusion_page

fusion_page()
