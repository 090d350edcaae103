"""A few dozen molecules that the cases are made of."""

SMILES = (
    "CCO", "CC(=O)Oc1ccccc1C(=O)O", "Cn1cnc2c1c(=O)n(C)c(=O)n2C", "CC(C)Cc1ccc(C(C)C(=O)O)cc1", "c1ccccc1", "CC(=O)O",
    "CN1CCC[C@H]1c1cccnc1", "C[C@H](N)C(=O)O", "OC[C@H]1OC(O)[C@H](O)[C@@H](O)[C@@H]1O", "CC(=O)Nc1ccc(O)cc1",
    "c1ccc2[nH]ccc2c1", "Clc1ccccc1Cl", "FC(F)(F)c1ccccc1", "NS(=O)(=O)c1ccc(N)cc1", "O=C(O)c1ccccc1O", "CCN(CC)CC",
    "C1CCCCC1", "CC(C)(C)O", "N#Cc1ccccc1", "O=[N+]([O-])c1ccccc1", "CSC", "CS(C)=O", "C1CCNCC1", "C1COCCN1",
    "Brc1ccccc1", "c1ccc(-c2ccccc2)cc1", "c1ccc2ccccc2c1", "CCCCCCCC", "CCCCCCCCO", "OCC(O)CO", "NCCc1ccc(O)c(O)c1",
    "CC1=CCCC(C)(C)C1", "F/C=C/F", "C#CC", "CC=O", "COC(C)=O", "NC(N)=O", "c1ccsc1", "c1ccoc1", "c1cnccn1",
)  # fmt: skip
ODD = (
    "CCN.Cl", "CC(=O)[O-].[Na+]", "c1cc[cH-]c1.c1cc[cH-]c1.[Fe+2]", "N->[Pt](<-N)(Cl)Cl", "[CH3:1][OH:2]", "C1CC",
    "*CC", "[CH2]C", "junk", "", "C[C@H](N)O |&1:1|", "[2H]OC", "InChI=1S/C2H6O/c1-2-3/h3H,2H2,1H3", "CC>>CO", "[Xx]",
)  # fmt: skip
"""Structures that are refused, stripped, or read with a note."""
