# First version: one image, one process, embedded engine. Not root; all that is written lies in /var/lib/hoso.
FROM python:3.11-slim AS build
WORKDIR /build
COPY requirements.txt pyproject.toml README.md ./
RUN python -m venv /opt/hoso && /opt/hoso/bin/pip install --no-cache-dir --require-hashes -r requirements.txt
COPY schemas schemas
COPY security security
COPY indexer indexer
COPY search_api search_api
RUN /opt/hoso/bin/pip install --no-cache-dir --no-deps .

FROM python:3.11-slim
RUN useradd --system --home-dir /var/lib/hoso --create-home hoso
COPY --from=build /opt/hoso /opt/hoso
ENV PATH=/opt/hoso/bin:$PATH HOSO_HOME=/var/lib/hoso PYTHONUNBUFFERED=1
USER hoso
VOLUME /var/lib/hoso
EXPOSE 8000
ENTRYPOINT ["hoso"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
