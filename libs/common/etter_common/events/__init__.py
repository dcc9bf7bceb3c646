"""Events between services: CloudEvents over JetStream, out through the outbox, in through the inbox."""
