"""Pages of queue, desk, sent emails and notices. A GET changes nothing."""
