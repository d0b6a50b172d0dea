# packer build out/prod/image: a disk for KVM, Proxmox, OpenStack, bare metal. The machine gets bake.iso as a NoCloud seed, bakes and checks itself,
# writes its verdict to the first serial line and powers off: no SSH, no password, and no network if there is a bundle.
variable "base_image" {
  type        = string
  description = "Cloud image of Debian, Ubuntu, … with cloud-init: a path or URL."
}

variable "base_checksum" {
  type        = string
  description = "Its checksum: sha256:…"
}

variable "image_name" {
  type = string
}

variable "architecture" {
  type = string
}

variable "output_directory" {
  type        = string
  default     = "baked"
  description = "Must not exist. The console's log stands beside it, as <output_directory>.log."
}

variable "bundle_volume" {
  type        = string
  default     = ""
  description = "A file system with the label KUBEKILN that holds *-bundle.tar, as a raw disk: then nothing is downloaded."
}

variable "bake_options" {
  type        = string
  default     = ""
  description = "Words for bake: --mirror URL, --without-images, --patience SECONDS."
}

variable "disk_size" {
  type    = string
  default = "10G"
}

variable "disk_format" {
  type        = string
  default     = "qcow2"
  description = "qcow2 or raw; the base image has that format as well."
}

variable "memory" {
  type    = number
  default = 2048
}

variable "accelerator" {
  type        = string
  default     = "kvm"
  description = "kvm, or tcg where there is none."
}

variable "timeout" {
  type    = string
  default = "60m"
}

variable "qemu_arguments" {
  type        = list(list(string))
  default     = []
  description = "More words for QEMU, as [[\"-kernel\", \"vmlinuz\"]]."
}

locals {
  here   = path.root
  log    = "${var.output_directory}.log"
  bundle = var.bundle_volume == "" ? [] : [["-drive", "file=${var.bundle_volume},if=virtio,format=raw,readonly=on"]]
}

source "qemu" "kubekiln" {
  disk_image       = true
  iso_url          = var.base_image
  iso_checksum     = var.base_checksum
  vm_name          = "${var.image_name}.${var.disk_format}"
  format           = var.disk_format
  disk_size        = var.disk_size
  memory           = var.memory
  cpus             = 2
  accelerator      = var.accelerator
  qemu_binary      = var.architecture == "arm64" ? "qemu-system-aarch64" : "qemu-system-x86_64"
  headless         = true
  output_directory = var.output_directory
  communicator     = "none"
  boot_wait        = "1s"
  shutdown_timeout = var.timeout
  qemuargs = concat([
    ["-cpu", "max"],
    ["-drive", "file=${var.output_directory}/${var.image_name}.${var.disk_format},if=virtio,cache=unsafe,discard=unmap,format=${var.disk_format}"],
    ["-drive", "file=${local.here}/bake.iso,if=virtio,format=raw,readonly=on"],
    ["-serial", "file:${local.log}"],
    ["-smbios", "type=2,asset=kubekiln-bake ${var.bake_options}"],
  ], local.bundle, var.qemu_arguments)
}

build {
  sources = ["source.qemu.kubekiln"]

  post-processor "shell-local" {
    environment_vars = ["LOG=${local.log}", "SUMS=${local.here}/SHA256SUMS", "OUTPUT=${var.output_directory}"]
    inline = [
      "grep -a 'kubekiln: ' \"$LOG\" || :",
      "grep -aq \"kubekiln: bake: verdict: ok $(sha256sum <\"$SUMS\" | cut -c1-64)\" \"$LOG\" || { mv \"$OUTPUT\" \"$OUTPUT.failed\"; echo \"kubekiln: the bake did not end well: see $LOG; its disk is kept as $OUTPUT.failed\" >&2; exit 1; }",
    ]
  }
}
