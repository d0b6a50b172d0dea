variable "vsphere_server" {
  type    = string
  default = ""
}

variable "vsphere_username" {
  type    = string
  default = ""
}

variable "vsphere_password" {
  type      = string
  default   = ""
  sensitive = true
}

variable "vsphere_cluster" {
  type    = string
  default = ""
}

variable "vsphere_datastore" {
  type    = string
  default = ""
}

variable "vsphere_network" {
  type    = string
  default = "VM Network"
}

variable "vsphere_iso_path" {
  type        = string
  default     = ""
  description = "An installer that answers its own questions and leaves cloud-init and SSH: [datastore] iso/debian-12-auto.iso."
}

variable "vsphere_ssh_username" {
  type    = string
  default = "root"
}

variable "vsphere_ssh_password" {
  type      = string
  default   = ""
  sensitive = true
}

source "vsphere-iso" "kubekiln" {
  vcenter_server = var.vsphere_server
  username       = var.vsphere_username
  password       = var.vsphere_password
  cluster        = var.vsphere_cluster
  datastore      = var.vsphere_datastore
  iso_paths      = [var.vsphere_iso_path]
  ssh_username   = var.vsphere_ssh_username
  ssh_password   = var.vsphere_ssh_password

  vm_name              = var.image_name
  guest_os_type        = "debian11_64Guest"
  CPUs                 = 2
  RAM                  = 2048
  disk_controller_type = ["pvscsi"]
  convert_to_template  = true

  storage {
    disk_size             = 10240
    disk_thin_provisioned = true
  }

  network_adapters {
    network      = var.vsphere_network
    network_card = "vmxnet3"
  }
}
