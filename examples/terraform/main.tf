# Reads what `kubekiln build` wrote, and hands each node's file to whatever makes the machines. No provider is needed.
# The plan stops when the manifest is of another version, or a file is missing or not the one that was built.

terraform {
  required_version = ">= 1.3"
}

variable "directory" {
  description = "out/<cluster>, as kubekiln build wrote it"
  type        = string
}

locals {
  manifest = jsondecode(file("${var.directory}/manifest.json"))
  known    = try(local.manifest.apiVersion == "kubekiln/v1alpha1" && local.manifest.kind == "BuildManifest", false)
  nodes    = local.known ? local.manifest.nodes : {}
  recorded = { for artifact in try(local.manifest.artifacts, []) : artifact.path => artifact.sha256 }

  missing = [for node in local.nodes : node.use if !fileexists("${var.directory}/${node.use}")]
  changed = [for node in local.nodes : node.use if try(filesha256("${var.directory}/${node.use}") != local.recorded[node.use], false)]
  unknown = [for node in local.nodes : node.use if !contains(keys(local.recorded), node.use)]
}
