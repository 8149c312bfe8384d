# Every notebook as one job, for sites that queue work. On this machine `make reproduce` does the same.
#
#   snakemake --cores 2                                             # all notebooks, smoke profile
#   snakemake --cores 2 --config profile=teach data=megc2019-flow=DIR
#   snakemake --executor slurm --jobs 8 --default-resources slurm_partition=cpu runtime=600 mem_mb=8000 \
#             --config profile=paper data=megc2019-flow=DIR store=/shared/folder/store
#
# The last line needs `pip install 'merlib[cluster]' snakemake-executor-plugin-slurm`. Jobs share the fold store, so its
# folder must lie on a file system that all nodes see; a fold is claimed by one job and never trained twice.
from pathlib import Path

PROFILE = config.get("profile", "smoke")
DATA = [config["data"]] if isinstance(config.get("data"), str) else config.get("data", [])
STORE = config.get("store", "results/store")
NAME = config.get("name", f"snakemake-{PROFILE}")
MERLIB = config.get("merlib", ".venv/bin/merlib")
NOTEBOOKS = sorted(path.stem for path in Path("notebooks").glob("[0-9][0-9]_*.ipynb"))


rule all:
    input:
        expand(f"results/runs/{NAME}-{{notebook}}/run.json", notebook=NOTEBOOKS),


rule notebook:
    input:
        "notebooks/{notebook}.ipynb",
    output:
        f"results/runs/{NAME}-{{notebook}}/run.json",
    threads: 2
    params:
        data=" ".join(f"--data {each}" for each in DATA),
    shell:
        "{MERLIB} run {wildcards.notebook} --profile {PROFILE} {params.data} --store {STORE}"
        " --name {NAME}-{wildcards.notebook} --workers {threads} --resume"
