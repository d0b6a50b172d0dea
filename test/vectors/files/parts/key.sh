#!/bin/sh
cat > /root/key <<END
-----BEGIN OPENSSH PRIVATE KEY-----
none
-----END OPENSSH PRIVATE KEY-----
END
