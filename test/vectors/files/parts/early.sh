#cloud-boothook
#!/bin/sh
echo early
