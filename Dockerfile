# The application as a container: not root, nothing written but /data and /tmp, no torch in what runs.
# docs/operating.md says how to run it; compose.yaml runs it with a proxy, PostgreSQL, Redis and a Chroma server.
ARG PYTHON=python:3.11-slim-bookworm

FROM ${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /source
RUN python -m venv /opt/assistant
# torch first and alone, from the index of its CPU builds: left to choose, pip takes gigabytes of CUDA packages.
COPY constraints.txt ./
RUN /opt/assistant/bin/pip install -c constraints.txt --extra-index-url https://download.pytorch.org/whl/cpu "torch==2.13.0"
COPY pyproject.toml README.md LICENSE ./
COPY corpus corpus
COPY index index
COPY assistant assistant
COPY evals evals
RUN /opt/assistant/bin/pip install -c constraints.txt ".[postgresql,redis,model,mcp]"
# torch is needed only to make the graphs that onnxruntime runs: they are made here, from weights whose digest is checked.
# A graph remembers the time of its weights, of which a layer of an image may keep whole seconds only.
RUN find /opt/assistant -name '*.safetensors' -exec touch --date=2026-01-01T00:00:00Z {} + \
 && ASSISTANT_INDEX=/seed/index /opt/assistant/bin/assistant index build \
 && mkdir -p /graphs && cp -r /seed/index/encoders /graphs/ \
 && /opt/assistant/bin/pip uninstall --yes torch sentence-transformers transformers

FROM ${PYTHON} AS run
RUN useradd --uid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin assistant \
 && install --directory --owner assistant --group assistant /vectors /data /data/documents /data/index \
      /data/.assistant /data/.assistant/index-chroma-8000
COPY --from=build /opt/assistant /opt/assistant
# A volume that is mounted empty on /data begins with the graphs: beside an index in a folder, and beside one whose
# vectors lie on the Chroma server of compose.yaml.
COPY --from=build --chown=assistant:assistant /graphs/encoders /data/index/encoders
COPY --from=build --chown=assistant:assistant /graphs/encoders /data/.assistant/index-chroma-8000/encoders
ENV PATH=/opt/assistant/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 LANG=C.UTF-8 \
    ASSISTANT_HOST=0.0.0.0 ASSISTANT_PORT=7860 ASSISTANT_INDEX=/data/index \
    ASSISTANT_RECORDS=/data/records.sqlite ASSISTANT_LOG=json
USER assistant
WORKDIR /data
VOLUME ["/data"]
EXPOSE 7860
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:7860/healthz', timeout=4)"]
# Without ASSISTANT_USERS or ASSISTANT_TRUST_HEADER it refuses to start: ASSISTANT_OPEN=1 serves everybody.
CMD ["assistant", "chat"]
