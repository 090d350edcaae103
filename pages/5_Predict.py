from mmexplore.ui.predict.page import predict_page

predict_page()
