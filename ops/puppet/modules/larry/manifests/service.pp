# @summary A service that has no Puppet code of its own: its parameters, as JSON in a file, for whatever reads it.
#
# @param parameters
#   What Larry says of the service.
# @param subjects
#   What the service audits, if it does.
#
define larry::service (
  Hash[String[1], Any] $parameters = {},
  Array[Hash[String[1], Any]] $subjects = [],
) {
  if $title !~ /\A[a-z0-9_-]+\z/ {
    fail("larry::service: '${title}' is no key of an entry")
  }
  include larry

  file { "${larry::folder}/services/${title}.json":
    ensure    => file,
    owner     => 'root',
    group     => 'root',
    mode      => '0600',
    show_diff => false,
    content   => template('larry/entry.json.erb'),
  }
}
