variable "hcloud_token" {
  type      = string
  default   = env("HCLOUD_TOKEN")
  sensitive = true
}

variable "hcloud_location" {
  type    = string
  default = "fsn1"
}

variable "hcloud_server_type" {
  type        = string
  default     = "cx22"
  description = "cax11 for arm64."
}

variable "hcloud_base_image" {
  type    = string
  default = "debian-12"
}

source "hcloud" "kubekiln" {
  token         = var.hcloud_token
  location      = var.hcloud_location
  server_type   = var.hcloud_server_type
  image         = var.hcloud_base_image
  snapshot_name = "${var.image_name}-${local.timestamp}"
  ssh_username  = "root"
}
