"""What DynamoDB exports of its tables to S3, and the Parquet that is made of it."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from aftersales.adapters.table_items import RECORDS, Image, images_in
from aftersales.contracts.exports import DATASETS, file_of
from aftersales.domain.records import Record

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

# Exports lie below this, and are deleted after days; what is made of them lies below the other, and stays.
_EXPORTS, _PARQUET = "exports", "parquet"


class S3Exports:
    """The `Exports` port; Arrow is imported only where a file is written. `tables` are ARNs by names of datasets."""

    def __init__(self, db: "DynamoDBClient", s3: "S3Client", bucket: str, tables: Mapping[str, str]) -> None:
        self._db = db
        self._s3 = s3
        self._bucket = bucket
        self._tables = tables

    def start(self, day: str) -> None:
        """DynamoDB recognises the token of a call that it has had within eight hours.
        https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ExportTableToPointInTime.html"""
        for name, table in self._tables.items():
            self._db.export_table_to_point_in_time(
                TableArn=table,
                S3Bucket=self._bucket,
                S3Prefix=f"{_EXPORTS}/{name}",
                ExportFormat="DYNAMODB_JSON",
                ClientToken=f"{name}-{day}",
            )

    def read(self, manifest: str) -> tuple[str, Iterable[Record]]:
        """The manifest names the files of one export, one a line, and lies in the folder of its table.
        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html"""
        name = manifest.split("/")[1]
        return name, RECORDS[name](self._images(manifest))

    def write(self, table: str, day: str, records: Iterable[Record]) -> None:
        """One object, replaced as a whole."""
        from aftersales.adapters.parquet import parquet_of

        dataset = DATASETS[table]
        self._s3.put_object(
            Bucket=self._bucket,
            Key=f"{_PARQUET}/{file_of(dataset, day)}",
            Body=parquet_of(dataset, records),
        )

    def _images(self, manifest: str) -> Iterator[Image]:
        for line in self._object(manifest).splitlines():
            yield from images_in(self._object(json.loads(line)["dataFileS3Key"]))

    def _object(self, key: str) -> bytes:
        return self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
