output "nodes" {
  description = "By name, what is no secret: the file to hand over, its digest, how it is encoded, the field that takes it, and who the node is."
  value = {
    for name, node in local.nodes : name => {
      role           = node.role
      address        = node.address
      platform       = node.platform
      instance_id    = node.instanceId
      payload_digest = node.payloadDigest
      file           = "${var.directory}/${node.use}"
      sha256         = local.recorded[node.use]
      encoding       = node.encoding
      field          = node.field
    }
  }

  precondition {
    condition     = local.known
    error_message = "${var.directory}/manifest.json is not a BuildManifest of kubekiln/v1alpha1: use the module that came with the kubekiln that built it."
  }
  precondition {
    condition     = length(local.missing) == 0
    error_message = "Missing in ${var.directory}: ${join(", ", local.missing)}. Build it again: kubekiln build."
  }
  precondition {
    condition     = length(local.changed) + length(local.unknown) == 0
    error_message = "Not what manifest.json recorded: ${join(", ", local.changed, local.unknown)}. Build it again: kubekiln build."
  }
}

output "user_data" {
  description = "By name, the private keys of each node with it. base64: for fields that take bytes in base64, and for those that want base64 text. text: for fields that take text; null where the file is not text. Both are null for a seed ISO: attach nodes[…].file."
  sensitive   = true
  value = {
    for name, node in local.nodes : name => {
      base64 = node.encoding == "iso9660" ? null : node.encoding == "gzip+base64" ? file("${var.directory}/${node.use}") : filebase64("${var.directory}/${node.use}")
      text   = contains(["text", "gzip+base64"], node.encoding) ? file("${var.directory}/${node.use}") : null
    }
  }

  precondition {
    condition     = local.known && length(local.missing) + length(local.changed) + length(local.unknown) == 0
    error_message = "Not what manifest.json recorded: see the error of output nodes."
  }
}
