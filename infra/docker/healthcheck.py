"""Exits with 0 when this container is ready for work. Started every few seconds, so it loads nothing but sockets."""

import socket
import sys

try:
    with socket.create_connection(("127.0.0.1", 8000), timeout=2) as connection:
        connection.sendall(b"GET /health/ready HTTP/1.0\r\nHost: localhost\r\n\r\n")
        answer = connection.recv(64)
except OSError as error:
    sys.exit(str(error))
sys.exit(None if answer.split(b" ")[1:2] == [b"200"] else answer.split(b"\r\n")[0].decode())
