# SPDX-License-Identifier: BSD-3-Clause
"""Tables in, numbers out: reading a table, preparing it for a model and telling its columns apart.

The command line stands on this package, and so can a program::

    from schuss.data import TableModel

    model = TableModel.load("model.schuss")
    model.predict(frame)          # a pandas, polars or Arrow table with the columns of the training table
"""

from schuss.data.errors import DataError
from schuss.data.preparation import Preparation
from schuss.data.source import Source, as_table, read_source
from schuss.data.table_model import TableModel
from schuss.data.target import Target

__all__ = ["DataError", "Preparation", "Source", "TableModel", "Target", "as_table", "read_source"]
