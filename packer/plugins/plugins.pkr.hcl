# For Packer 1.7 or newer: packer init out/prod/image/plugins, once. It stands alone, since Packer 1.6 refuses a directory that holds this block.
packer {
  required_plugins {
    amazon        = { version = ">= 1.0.0", source = "github.com/hashicorp/amazon" }
    azure         = { version = ">= 1.0.0", source = "github.com/hashicorp/azure" }
    googlecompute = { version = ">= 1.0.0", source = "github.com/hashicorp/googlecompute" }
    hcloud        = { version = ">= 1.0.0", source = "github.com/hetznercloud/hcloud" }
    proxmox       = { version = ">= 1.0.0", source = "github.com/hashicorp/proxmox" }
    qemu          = { version = ">= 1.0.0", source = "github.com/hashicorp/qemu" }
    vsphere       = { version = ">= 1.0.0", source = "github.com/hashicorp/vsphere" }
  }
}
