"""What each process loads."""

from __future__ import annotations

import subprocess
import sys


def test_the_api_process_never_loads_the_compiler() -> None:
    """Nor the solvers: they cost seconds and a hundred megabytes, and only the engine's own process needs them."""
    code = "import sys, etter_simulation.main; assert not {'numba', 'llvmlite', 'scipy', 'ortools'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_compiled_code_goes_to_the_folder_of_the_settings() -> None:
    code = (
        "import sys, pathlib, tempfile\n"
        "from etter_simulation.engine.compiled import use_cache\n"
        "with tempfile.TemporaryDirectory() as folder:\n"
        "    used = use_cache(pathlib.Path(folder))\n"
        "    from etter_simulation.engine import philox\n"
        "    philox.fill_block(philox.new_stream(0))\n"
        "    assert list(used.rglob('philox.fill_block*.nbc')), list(used.rglob('*'))\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_compiled_code_is_marked_by_kernels_and_their_constants_alone() -> None:
    """What else changes in the engine does not make a machine compile anew."""
    code = (
        "import pathlib\n"
        "from etter_simulation.engine import compiled\n"
        "names = {path.stem for path in compiled.kernel_sources(pathlib.Path(compiled.__file__).parent)}\n"
        "assert {'cohort', 'samplers', 'statistics', 'channels', 'metrics', 'compiled', 'elementary'} <= names, names\n"
        "assert not {'request', 'run', 'finish', 'build'} & names, names\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
