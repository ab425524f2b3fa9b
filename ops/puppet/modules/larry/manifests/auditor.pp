# @summary An auditor (backup, monitoring ...) that has no Puppet code of its own: what it audits, as JSON in a file.
#
# @param subjects
#   One for each audited service and host: service, host, addresses, for, parameters, settings.
# @param parameters
#   What holds for all subjects.
#
define larry::auditor (
  Array[Hash[String[1], Any]] $subjects = [],
  Hash[String[1], Any] $parameters = {},
) {
  if $title !~ /\A[a-z0-9_-]+\z/ {
    fail("larry::auditor: '${title}' is no key of an entry")
  }
  include larry

  file { "${larry::folder}/auditors/${title}.json":
    ensure    => file,
    owner     => 'root',
    group     => 'root',
    mode      => '0600',
    show_diff => false,
    content   => template('larry/entry.json.erb'),
  }
}
