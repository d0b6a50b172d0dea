# cloud-init runs this at every boot, before write_files. A module is marked as run before it runs, so a power cut inside write_files would never be
# repaired: here the mark is taken back unless what user-data carries is whole. The installer starts as soon as this boot's files are written.
state={{state}} payload={{directory}}
[ ! -d $state/current ] || exit 0
mkdir -p $payload && chmod 0700 $state {{staging}} $payload
sum=$(cd $payload && { cat plan; sed -n 's/^f .* /files/p' plan | xargs cat; } 2>/dev/null | sha256sum)
case "$(cat $payload/.complete 2>/dev/null) $sum" in
{{#carried}}
  "{{digest}} {{carried}}  -") ;;
{{/carried}}
  "{{digest}} {{digest}}  -") ;;
  *) rm -f $payload/.complete /var/lib/cloud/instance/sem/config_write_files ;;
esac
systemd-run --quiet --no-block --unit=kubekiln-first-boot --description="kubekiln: first boot" \
  -p SyslogIdentifier=kubekiln-install -p Type=oneshot -p Restart=on-failure -p RestartSec=15 -p StandardOutput=journal+console \
  -p Wants=network-online.target -p "After=network-online.target cloud-init.service cloud-init-network.service" \
  /bin/sh -c '{{#packed}}
[ -s $0/.complete ] || why=$(tar -xpf $0.tar -C $0 2>&1) || { rm -f $0/.complete; echo "kubekiln: STOPPED at payload: $why: $(df $0 | tail -n 1)"; exit 1; }
rm -f $0.tar
{{/packed}}[ -s $0/.complete ] || { echo "kubekiln: STOPPED at payload: cloud-init did not write it: $(df $0 | tail -n 1)"; exit 1; }{{#elsewhere}}
{{> fetch-runtime.sh}}
{{/elsewhere}}{{^elsewhere}}; {{/elsewhere}}exec sh $0/files{{library}}/kubekiln-install first-boot $0' $payload
