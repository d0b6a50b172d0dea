variable "proxmox_url" {
  type        = string
  default     = ""
  description = "https://pve.example.com:8006/api2/json"
}

variable "proxmox_username" {
  type    = string
  default = ""
}

variable "proxmox_password" {
  type      = string
  default   = ""
  sensitive = true
}

variable "proxmox_node" {
  type    = string
  default = ""
}

variable "proxmox_iso_file" {
  type        = string
  default     = ""
  description = "An installer that answers its own questions and leaves cloud-init and SSH: local:iso/debian-12-auto.iso."
}

variable "proxmox_ssh_username" {
  type    = string
  default = "root"
}

variable "proxmox_ssh_password" {
  type      = string
  default   = ""
  sensitive = true
}

variable "proxmox_storage" {
  type    = string
  default = "local-lvm"
}

source "proxmox-iso" "kubekiln" {
  proxmox_url  = var.proxmox_url
  username     = var.proxmox_username
  password     = var.proxmox_password
  node         = var.proxmox_node
  iso_file     = var.proxmox_iso_file
  unmount_iso  = true
  ssh_username = var.proxmox_ssh_username
  ssh_password = var.proxmox_ssh_password
  ssh_timeout  = "30m"

  template_name        = var.image_name
  template_description = "Nodes of kubekiln: attach nodes/<node>/seed.iso to each clone"
  cores                = 2
  memory               = 2048
  os                   = "l26"
  scsi_controller      = "virtio-scsi-pci"

  disks {
    type              = "scsi"
    disk_size         = "10G"
    storage_pool      = var.proxmox_storage
    storage_pool_type = "lvm-thin"
    format            = "raw"
  }

  network_adapters {
    model  = "virtio"
    bridge = "vmbr0"
  }
}
