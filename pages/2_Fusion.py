from mmexplore.ui.fusion_page import fusion_page

fusion_page()
