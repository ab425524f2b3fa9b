# @summary The services of a host of which there is one for each instance.
#
# Larry's answer names every host-wide service as a class of its own. What exists once for each instance (a database, a
# virtual host) comes here, because a node classifier can name classes only.
#
# @param services
#   Title => type, parameters and requirements. A requirement is a reference written as text, such as
#   `Class[postgresql::server]`.
#
class larry::host (
  Hash[
    String[1],
    Struct[{
        type       => Pattern[/\A[a-z][a-z0-9_]*(::[a-z][a-z0-9_]*)*\z/],
        parameters => Optional[Hash[String[1], Any]],
        require    => Optional[Array[String[1]]],
    }]
  ] $services = {},
) {
  $services.each |String $title, Hash $service| {
    $parameters = $service['parameters'] ? { undef => {}, default => $service['parameters'] }
    $before = $service['require'] ? { undef => [], default => $service['require'] }
    $order = $before.empty ? { true => {}, default => { 'require' => $before } }
    create_resources($service['type'], { $title => $parameters + $order })
  }
}
