# Prints, as JSON, what Puppet itself reads in the manifests named on standard input (one path a line): classes with
# their parameters, types and defaults, and per file what is wrong with it.
require 'json'
require 'puppet'
require 'puppet/info_service'

Puppet.initialize_settings(['--confdir', ARGV[0], '--vardir', ARGV[0]])
files = $stdin.read.split("\n")
found = Puppet::InfoService::ClassInformationService.new.classes_per_environment({ 'asked' => files })
$stdout.write(JSON.generate(found.fetch('asked')))
