"""Page frame round all pages: server, session, navigation, routes, tour, jobs."""
