variable "gcp_project" {
  type    = string
  default = ""
}

variable "gcp_zone" {
  type    = string
  default = "europe-west3-a"
}

variable "gcp_base_family" {
  type        = string
  default     = "debian-12"
  description = "Its image needs cloud-init, which Debian's of Google lacks: name a family of your own, or Ubuntu's."
}

variable "gcp_machine_type" {
  type    = string
  default = "e2-medium"
}

source "googlecompute" "kubekiln" {
  project_id          = var.gcp_project
  zone                = var.gcp_zone
  machine_type        = var.gcp_machine_type
  source_image_family = var.gcp_base_family
  image_name          = "${var.image_name}-${local.timestamp}"
  ssh_username        = "packer"
}
