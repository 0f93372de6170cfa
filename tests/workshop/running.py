"""Run a notebook's cells in this process, one after the other: no kernel, no socket. `python running.py FILE …`."""

import ast
import linecache
import sys

import nbformat


class Session:
    """A namespace in which cells run; the value of a cell's last expression is what it would show."""

    def __init__(self, name: str, **parameters):
        self.name, self.parameters = name, parameters
        self.names = {"__name__": "__main__", "display": lambda *shown: None}
        self.count = 0

    def run(self, cell):
        if cell.cell_type != "code":
            return None
        self.count += 1
        value = self._execute(cell.source)
        if "parameters" in cell.metadata.get("tags", []):
            self.names.update(self.parameters)
        if hasattr(value, "_repr_mimebundle_"):
            assert value._repr_mimebundle_()
        return value

    def _execute(self, source: str):
        file = f"<{self.name}, cell {self.count}>"
        # inspect.getsource looks here, as it does for a cell of Jupyter.
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        tree = ast.parse(source, file)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, file, "exec"), self.names)
        return eval(compile(ast.Expression(last.value), file, "eval"), self.names) if last else None


if __name__ == "__main__":
    for path in sys.argv[1:]:
        session = Session(path)
        for cell in nbformat.read(path, as_version=4).cells:
            value = session.run(cell)
            if type(value).__name__ == "Feedback":
                print(path, value, flush=True)
