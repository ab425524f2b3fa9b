# @summary The folders that this module writes to; what is no longer declared is removed from them.
#
# @param folder
#   Where they lie.
#
class larry (
  Pattern[/\A\/.*[^\/]\z/] $folder = '/etc/larry',
) {
  file { $folder:
    ensure => directory,
    owner  => 'root',
    group  => 'root',
    mode   => '0755',
  }

  file { ["${folder}/services", "${folder}/auditors"]:
    ensure  => directory,
    owner   => 'root',
    group   => 'root',
    mode    => '0700',
    purge   => true,
    recurse => true,
    force   => true,
  }
}
