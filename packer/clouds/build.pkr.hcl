# packer build -only='amazon-ebs.kubekiln' out/prod/image/clouds: the same bake and check as the QEMU build runs, byte for byte, over SSH.
variable "image_name" {
  type = string
}

variable "architecture" {
  type = string
}

variable "bake_options" {
  type        = string
  default     = ""
  description = "Words for bake: --mirror URL, --without-images, --patience SECONDS."
}

variable "bundle" {
  type        = string
  default     = ""
  description = "An offline bundle, …-bundle.tar: then the machine downloads nothing."
}

variable "packages" {
  type        = string
  default     = "apt-get update -q && apt-get install -y -q openssl curl iptables nftables runc haproxy"
  description = "How the packages that bake asks for come into the machine; true: they are there."
}

locals {
  image     = path.root
  timestamp = regex_replace(timestamp(), "[^0-9]", "")
  # Something always has to be sent: without a bundle it is a file that is there already.
  bundle      = var.bundle == "" ? "${path.root}/../SHA256SUMS" : var.bundle
  bundle_name = var.bundle == "" ? "none" : "offline-bundle.tar"
  options     = var.bundle == "" ? var.bake_options : "--bundle /tmp/kubekiln-bundle ${var.bake_options}"
}

build {
  sources = [
    "source.amazon-ebs.kubekiln",
    "source.googlecompute.kubekiln",
    "source.azure-arm.kubekiln",
    "source.vsphere-iso.kubekiln",
    "source.proxmox-iso.kubekiln",
    "source.hcloud.kubekiln",
  ]

  # In memory: nothing of it can stay on the disk.
  provisioner "shell" {
    inline = [
      "cloud-init status --wait || :",
      "sudo install -d -o \"$(id -u)\" /run/kubekiln-image",
      "mkdir -p /tmp/kubekiln-bundle",
    ]
  }

  provisioner "file" {
    source      = "${local.image}/../"
    destination = "/run/kubekiln-image"
  }

  provisioner "file" {
    source      = local.bundle
    destination = "/tmp/kubekiln-bundle/${local.bundle_name}"
  }

  provisioner "shell" {
    inline = [
      "sudo env DEBIAN_FRONTEND=noninteractive sh -c '${var.packages}'",
      "sudo sh /run/kubekiln-image/bake --this-machine ${local.options}",
    ]
  }
}
