"""Google's own Python client against the double: uploads a file in chunks, and goes on after each failure as the client itself does.

Arguments: origin, access token, file, name, chunk bytes. Prints one JSON object.
"""
import json
import sys

from googleapiclient.discovery import build_from_document
from googleapiclient.errors import HttpError
from googleapiclient.http import MediaFileUpload, build_http

origin, token, path, name, chunk_bytes = sys.argv[1:6]

# Only what is used here, in the form in which Google describes its services.
document = {
    "kind": "discovery#restDescription",
    "name": "drive",
    "version": "v3",
    "rootUrl": origin + "/",
    "servicePath": "drive/v3/",
    "baseUrl": origin + "/drive/v3/",
    "schemas": {"File": {"id": "File", "type": "object", "properties": {}}},
    "parameters": {"fields": {"type": "string", "location": "query"}},
    "resources": {
        "files": {
            "methods": {
                "create": {
                    "id": "drive.files.create",
                    "path": "files",
                    "httpMethod": "POST",
                    "parameters": {},
                    "request": {"$ref": "File"},
                    "response": {"$ref": "File"},
                    "supportsMediaUpload": True,
                    "mediaUpload": {
                        "accept": ["*/*"],
                        "maxSize": "5120GB",
                        "protocols": {
                            "simple": {"multipart": True, "path": "/upload/drive/v3/files"},
                            "resumable": {"multipart": True, "path": "/resumable/upload/drive/v3/files"},
                        },
                    },
                },
                "list": {
                    "id": "drive.files.list",
                    "path": "files",
                    "httpMethod": "GET",
                    "parameters": {"q": {"type": "string", "location": "query"}},
                    "response": {"$ref": "File"},
                },
                "get_media": {
                    "id": "drive.files.get",
                    "path": "files/{fileId}",
                    "httpMethod": "GET",
                    "parameters": {"fileId": {"type": "string", "location": "path", "required": True}},
                    "parameterOrder": ["fileId"],
                    "response": {"$ref": "File"},
                },
            }
        }
    },
}

http = build_http()
plain_request = http.request


def with_token(uri, method="GET", body=None, headers=None, **more):
    return plain_request(uri, method, body=body, headers={**(headers or {}), "authorization": "Bearer " + token}, **more)


http.request = with_token
drive = build_from_document(json.dumps(document), http=http)
media = MediaFileUpload(path, mimetype="application/octet-stream", chunksize=int(chunk_bytes), resumable=True)
request = drive.files().create(
    body={"name": name}, media_body=media, fields="id,name,size,md5Checksum,sha1Checksum,sha256Checksum"
)
failures = []
progress = []
done = None
while done is None:
    try:
        # No num_retries: an old client then sends the rest of a stream that it has read to its end, and hangs.
        status, done = request.next_chunk()
        if status is not None:
            progress.append(status.resumable_progress)
    except HttpError as error:
        failures.append(error.resp.status)
        if len(failures) > 5:
            raise
quoted = name.replace("\\", "\\\\").replace("'", "\\'")
found = drive.files().list(q="name = '%s' and trashed = false" % quoted, fields="files(id,size)").execute()
print(json.dumps({"file": done, "failures": failures, "progress": progress, "found": found["files"]}))
