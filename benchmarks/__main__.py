"""Every benchmark, one after the other: `make bench`. Figures that were seen are in docs/benchmarks.md."""

import sys

from benchmarks import import_deliveries, pricing, simulate, statements, workbooks

if __name__ == "__main__":
    sys.argv[1:] = []
    for benchmark in (import_deliveries, workbooks, pricing, statements, simulate):
        benchmark.main()
