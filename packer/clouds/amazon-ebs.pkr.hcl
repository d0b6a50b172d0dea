variable "aws_region" {
  type    = string
  default = "eu-central-1"
}

variable "aws_instance_type" {
  type        = string
  default     = "t3.medium"
  description = "t4g.medium for arm64."
}

variable "aws_base_owner" {
  type        = string
  default     = "136693071363"
  description = "Debian's account: https://wiki.debian.org/Cloud/AmazonEC2Image"
}

variable "aws_base_name" {
  type    = string
  default = "debian-12-amd64-*"
}

variable "aws_ssh_username" {
  type    = string
  default = "admin"
}

source "amazon-ebs" "kubekiln" {
  region        = var.aws_region
  instance_type = var.aws_instance_type
  ami_name      = "${var.image_name}-${local.timestamp}"
  ssh_username  = var.aws_ssh_username
  encrypt_boot  = true

  source_ami_filter {
    owners      = [var.aws_base_owner]
    most_recent = true
    filters = {
      name                = var.aws_base_name
      virtualization-type = "hvm"
    }
  }
}
