"""How well contracts answer questions: a folder of databases with questions, asked through the code of `ask`.

`databases` reads the folder, `known` and `mesh_of` make a mesh of it, `outcomes` asks and judges, `report` tells.
Nothing that runs on AWS imports this.
"""
