# frozen_string_literal: true

require 'json'

# A value as JSON text for a file that people may read too; so the module needs no other module.
Puppet::Functions.create_function(:'larry::to_json') do
  # @param value Any value made of maps, lists, text, numbers, booleans and undef.
  # @return Indented JSON that ends in a line feed.
  dispatch :to_json do
    param 'Any', :value
    return_type 'String'
  end

  def to_json(value)
    "#{JSON.pretty_generate(value)}\n"
  end
end
