# The backup and restore scripts beside PostgreSQL's own programs, which are of the server's version.
ARG PYTHON_IMAGE=python:3.11.17-slim-bookworm
ARG POSTGRES_IMAGE=postgres:18.6-bookworm

FROM ${PYTHON_IMAGE} AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_INPUT=1 PIP_CONFIG_FILE=/run/secrets/pip.conf
WORKDIR /build
COPY requirements.lock infra/docker/closure.py ./
RUN --mount=type=secret,id=pip.conf --mount=type=secret,id=ca.crt \
    python3 -m venv tools && python3 closure.py nats-py redis < requirements.lock > wanted.txt \
    && tools/bin/pip install --quiet --require-hashes --no-deps --no-compile --target /packages -r wanted.txt

FROM ${POSTGRES_IMAGE}
RUN command -v python3 || (apt-get update && apt-get install -y --no-install-recommends python3 && rm -rf /var/lib/apt/lists/*)
COPY --from=packages /packages /opt/packages
COPY infra/operations/backup.py infra/operations/restore.py /operations/
COPY infra/operations/archive /operations/archive
COPY infra/docker/operations.sh /operations/
WORKDIR /operations
ENV PYTHONPATH=/opt/packages PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 999:999
ENTRYPOINT ["/bin/sh", "/operations/operations.sh"]
CMD ["backup.py", "--help"]
