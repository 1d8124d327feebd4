"""Synthetic citizens with their dossiers and papers: for the demo, for tests and for benchmarks.

No line describes a real person. Surnames, middle names and given names are drawn from frequency lists, numbers are
counted or drawn within the structure of real ones, kinship and events follow a seeded chance; no record, list or
register of persons was used. That a drawn name, number or telephone is also borne by somebody is possible, as in any
plausible fiction, and means nothing. E-mail addresses stand under domains reserved for examples.

A world is made in blocks of a thousand citizens, each from its own seeded source of chance, and nobody refers to
people of another block: so the bytes do not depend on how many processes make them.
"""

from indexer.synthetic.people import Person
from indexer.synthetic.write import TODAY, Block, Truth, WorldSummary, iter_blocks, make_block, write_world

__all__ = ["TODAY", "Block", "Person", "Truth", "WorldSummary", "iter_blocks", "make_block", "write_world"]
