"""Libraries: collections of molecules too large for one table, made and searched shard by shard.

Nothing here needs more than the app does; Ray, LanceDB and FPSim2 are asked for where they are chosen.
"""
